import { ChatError } from '../../crypto/errors.ts';

/** The code of the typed error that `run` throws, or `none`; any other error passes through. */
export function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ChatError) return error.code;
    throw error;
  }
  return 'none';
}
