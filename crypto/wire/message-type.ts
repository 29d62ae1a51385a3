/** The types of messages between endpoints. @see signal-wire section 5.3 */
export const MESSAGE_TYPE = { whisper: 2, preKey: 3, senderKey: 7, plaintext: 8 } as const;
