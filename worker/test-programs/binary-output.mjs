// Prints all 256 bytes, a NUL, invalid UTF-8 and half a character at the end.
const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
process.stdout.write(
  Buffer.concat([
    all,
    Buffer.from("\n"),
    Buffer.from([0xc3, 0x28, 0x00, 0x0a]),
    Buffer.from("é\n"),
    Buffer.from([0xe2, 0x82]),
  ]),
);
