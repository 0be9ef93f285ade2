// What a bench is told on the command line: `npm run bench -- post --rounds=3 --seconds=2 --peers`.

const find = (name: string): string | undefined =>
  process.argv.slice(2).find((one) => one === `--${name}` || one.startsWith(`--${name}=`));

/** @throws Error for anything but a number above 0 */
export const numberFlag = (name: string, otherwise: number): number => {
  const given = find(name);
  if (given === undefined) return otherwise;
  const number = Number(given.slice(name.length + 3));
  if (!(number > 0)) throw new Error(`--${name} needs a number above 0, as in --${name}=${otherwise}.`);
  return number;
};

export const hasFlag = (name: string): boolean => find(name) !== undefined;
