const FORMAT = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A price without a currency sign: the catalogue does not say which it is. */
export const formatPrice = (price: number): string => FORMAT.format(price);
