import { ChatError } from '../../crypto/errors.ts';

/** The code of the typed error that a promise rejects with, or `none`; any other error passes through. */
export async function rejectionOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ChatError) return error.code;
    throw error;
  }
  return 'none';
}
