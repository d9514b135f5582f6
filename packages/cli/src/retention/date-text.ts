/** `YYYY-MM-DD` of a UTC day counted from 1970-01-01. */
export const dateText = (day: number): string => {
  const iso = new Date(day * 86_400_000).toISOString();
  return iso.slice(0, iso.indexOf('T'));
};
