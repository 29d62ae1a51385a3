// Runs the code that its first argument is: programs that tests need and nobody else.
await import(`data:text/javascript,${encodeURIComponent(process.argv[2] ?? '')}`);
