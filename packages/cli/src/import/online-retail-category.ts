/**
 * Online Retail names no categories, so they are derived from the description: a seasonal word decides wherever it
 * stands; otherwise the last known noun does, since the head of an English compound comes last ("CAKE STAND SILVER"
 * is about a cake stand, "CHARLOTTE BAG SUKI DESIGN" about a bag). What has no known word is `other`.
 * The words were chosen by their frequency in the descriptions; nobody's taste is in them.
 */
const SEASONAL: Readonly<Record<string, string>> = {
  CHRISTMAS: 'seasonal',
  XMAS: 'seasonal',
  SANTA: 'seasonal',
  ADVENT: 'seasonal',
  REINDEER: 'seasonal',
  SNOWFLAKE: 'seasonal',
  EASTER: 'seasonal',
  VALENTINE: 'seasonal',
};

const NOUNS: Readonly<Record<string, string>> = {
  ...category('bags', 'BAG BAGS PURSE SHOPPER HANDBAG RUCKSACK SUITCASE WASHBAG SATCHEL LUGGAGE'),
  ...category(
    'lighting',
    'T-LIGHT T-LIGHTS LIGHT LIGHTS CANDLE CANDLES CANDLESTICK LANTERN LAMP CHANDELIER INCENSE NIGHT',
  ),
  ...category(
    'jewellery',
    'NECKLACE BRACELET EARRINGS RING CHARM BEAD BEADS BROOCH HAIR BANGLE PENDANT DIAMANTE KEYRING',
  ),
  ...category(
    'kitchen',
    'CAKE CAKES BAKING KITCHEN SPOON CUTLERY JAR JARS TIN TINS PANTRY APRON RECIPE JELLY MOULD MOULDS SPICE',
  ),
  ...category(
    'kitchen',
    'CASES LUNCH SNACK BOTTLE FLASK JUG SCALES CHOPPING OVEN TIMER FRIDGE COOKIE CUTTERS COASTER COASTERS',
  ),
  ...category(
    'tableware',
    'MUG CUP CUPS TEACUP SAUCER BOWL PLATE PLATES TRAY GLASS GLASSES TUMBLER TEAPOT TEA EGG NAPKINS TABLE',
  ),
  ...category(
    'stationery',
    'CARD CARDS PAPER NOTEBOOK WRAP PEN PENCIL PENCILS STICKERS STICKER TISSUE ERASER CALENDAR DIARY',
  ),
  ...category('stationery', 'ENVELOPE RIBBON RIBBONS TAPE LABELS TAGS RULER BOOK CHALK BLACKBOARD JOURNAL SKETCHBOOK'),
  ...category(
    'garden',
    'GARDEN PLANT PLANTER WATERING BIRD SEED SEEDS POT POTS FLOWERPOT BUCKET PICNIC PARASOL HERB GARDENERS',
  ),
  ...category(
    'toys',
    'DOLL DOLLY TOY GAME GAMES PUZZLE JIGSAW SKIPPING BALLOONS PLAYHOUSE SOLDIER DOMINOES CHILDRENS KIDS',
  ),
  ...category('toys', 'TATTOOS CRAYONS SPACEBOY FELTCRAFT KNITTING SEWING CRAFT BABUSHKA SPINNING MAGIC'),
  ...category(
    'wall',
    'FRAME MIRROR CLOCK SIGN ART WALL PICTURE PHOTO PLAQUE LETTER LETTERS POSTER MAGNET MAGNETS WREATH',
  ),
  ...category(
    'decoration',
    'DECORATION DECORATIONS GARLAND BUNTING HEART HEARTS ORNAMENT FLOWER FLOWERS ROSE BUTTERFLY STAR FEATHER',
  ),
  ...category('decoration', 'MOBILE CHIME VASE FIGURINE HANGING TREE BELL BELLS CONE ROSES'),
  ...category(
    'textiles',
    'CUSHION COVER TOWEL TOWELS BLANKET THROW QUILT DOORMAT RUG SLIPPERS SCARF WARMER CURTAIN TABLECLOTH SOCK',
  ),
  ...category(
    'storage',
    'BOX BOXES DRAWER DRAWERS CABINET HOOK HOOKS HANGER KNOB KNOBS BASKET RACK STAND STORAGE SHELF HOLDER CHEST',
  ),
  ...category('party', 'PARTY BIRTHDAY STRAWS CONFETTI DOILIES DOILEY'),
  ...category('bathroom', 'BATH SOAP BATHROOM TOILET COSMETIC LIP BALM PLASTERS HAND'),
};

function category(name: string, words: string): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((word) => [word, name]));
}

/** The category of a product by its description (upper case, as in the data). */
export function categoryOf(description: string): string {
  const words = description.toUpperCase().split(/[^A-Z-]+/);
  for (const word of words) if (Object.hasOwn(SEASONAL, word)) return SEASONAL[word]!;
  for (let i = words.length - 1; i >= 0; i--) if (Object.hasOwn(NOUNS, words[i]!)) return NOUNS[words[i]!]!;
  return 'other';
}
