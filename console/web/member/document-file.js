// Check of a file before it is uploaded, by its size and its first bytes.

/** The most bytes that the API takes. */
const MAX_BYTES = 5 * 1024 * 1024;

/** The first bytes of each type that the API takes. */
const SIGNATURES = /** @type {const} */ ([
  ['application/pdf', [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
]);

/** The types for a file dialog. */
export const ACCEPT = SIGNATURES.map(([type]) => type).join(',');

/**
 * The type of a file, or why it cannot be uploaded. The name's ending says nothing about the content.
 * @param {File} file
 * @returns {Promise<{type: string} | {refusal: 'empty_file' | 'too_large' | 'type'}>}
 */
export async function checkFile(file) {
  if (file.size === 0) return { refusal: 'empty_file' };
  if (file.size > MAX_BYTES) return { refusal: 'too_large' };
  const bytes = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  const found = SIGNATURES.find(([, signature]) => signature.every((byte, i) => bytes[i] === byte));
  return found ? { type: found[0] } : { refusal: 'type' };
}
