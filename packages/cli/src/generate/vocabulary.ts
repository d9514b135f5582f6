/** What the demo shop sells: one entry per category, in catalogue order. Titles are put together from these words. */
export interface CategoryVocabulary {
  readonly name: string;
  /** Share of the catalogue and, away from their favourites, of what shoppers look at. */
  readonly share: number;
  /** Median price, and the spread of its logarithm. */
  readonly priceMedian: number;
  readonly priceSpread: number;
  /** Day of the year at which the category sells best, and how much better than average (0 = evergreen). */
  readonly seasonPeakDay: number;
  readonly seasonStrength: number;
  /** Extra chance that a shopper comes back to the same item (groceries run out, sofas do not). */
  readonly repeatRate: number;
  readonly title: string;
  readonly brands: readonly string[];
  readonly adjectives: readonly string[];
  readonly materials: readonly string[];
  readonly nouns: readonly string[];
  readonly variants: readonly string[];
}

const words = (text: string): readonly string[] => text.split(', ');
const PRODUCT = '{brand} {adjective} {material} {noun}, {variant}';
const COLOURS = words('Black, White, Sand, Forest Green, Navy, Brick Red, Slate Grey, Mustard, Rose, Sky Blue');

export const CATEGORIES: readonly CategoryVocabulary[] = [
  {
    name: 'Electronics',
    share: 0.14,
    priceMedian: 120,
    priceSpread: 0.9,
    seasonPeakDay: 330,
    seasonStrength: 0.35,
    repeatRate: 0.04,
    title: PRODUCT,
    brands: words('Voltra, Nimbus, Kestrel, Auralis, Pixelon, Tidewave, Omnia, Hexa, Brightline, Solace, Quanta, Lumo'),
    adjectives: words('Compact, Wireless, Studio, Rugged, Retro, Ultra, Smart, Silent, Travel, Pro'),
    materials: words('Aluminium, Bamboo, Carbon, Glass, Leather-Wrapped, Matte, Ceramic, Recycled'),
    nouns: words(
      'Headphones, Speaker, Monitor, Keyboard, Camera, Tablet, Charger, Smartwatch, Microphone, Projector, Router, E-Reader, Drone, Earbuds',
    ),
    variants: COLOURS,
  },
  {
    name: 'Kitchen',
    share: 0.12,
    priceMedian: 38,
    priceSpread: 0.75,
    seasonPeakDay: 345,
    seasonStrength: 0.25,
    repeatRate: 0.05,
    title: PRODUCT,
    brands: words(
      'Copperleaf, Hearth & Rye, Mesa, Nordkök, Saltbox, Olea, Branwell, Tavola, Emberly, Kinfolk, Pan & Pine',
    ),
    adjectives: words('Everyday, Rustic, Minimal, Heritage, Stackable, Slow, Bistro, Farmhouse, Precision, Little'),
    materials: words('Cast-Iron, Copper, Oak, Stoneware, Steel, Enamel, Marble, Glass'),
    nouns: words(
      'Skillet, Kettle, Chef Knife, Mixing Bowl, Teapot, Cutting Board, Espresso Maker, Casserole, Grater, Mug Set, Pepper Mill, Salad Bowl, Toaster, Whisk',
    ),
    variants: words('Small, Medium, Large, Set of 2, Set of 4, Cream, Charcoal, Sage, Terracotta, Midnight'),
  },
  {
    name: 'Furniture',
    share: 0.08,
    priceMedian: 240,
    priceSpread: 0.85,
    seasonPeakDay: 30,
    seasonStrength: 0.2,
    repeatRate: 0.02,
    title: PRODUCT,
    brands: words('Alder & Ash, Fjell, Loft Theory, Marlowe, Ostro, Plinth, Quill Home, Rowan, Sundby, Tessel'),
    adjectives: words('Mid-Century, Modular, Floating, Industrial, Scandinavian, Nested, Low, Tall, Curved, Classic'),
    materials: words('Walnut, Oak, Rattan, Velvet, Linen, Steel, Marble, Pine'),
    nouns: words(
      'Bookshelf, Armchair, Coffee Table, Desk, Sofa, Floor Lamp, Nightstand, Dining Chair, Sideboard, Bench, Stool, Bed Frame, Mirror, Rug',
    ),
    variants: words('Natural, Smoked, Black, Ivory, Olive, Rust, Small, Wide, Dove Grey, Ink'),
  },
  {
    name: 'Clothing',
    share: 0.15,
    priceMedian: 45,
    priceSpread: 0.65,
    seasonPeakDay: 280,
    seasonStrength: 0.3,
    repeatRate: 0.05,
    title: PRODUCT,
    brands: words(
      'Arden, Bluebell, Cassia, Drift, Everly, Fennimore, Gable, Harlow, Isola, Juniper & Co, Kite, Larkspur, Moss',
    ),
    adjectives: words('Relaxed, Tailored, Cropped, Oversized, Vintage, Striped, Quilted, Everyday, Slim, Hooded'),
    materials: words('Cotton, Linen, Merino, Denim, Silk, Corduroy, Cashmere, Jersey'),
    nouns: words(
      'Shirt, Sweater, Jacket, Trousers, Dress, Cardigan, T-Shirt, Coat, Skirt, Scarf, Blazer, Hoodie, Shorts, Blouse',
    ),
    variants: COLOURS,
  },
  {
    name: 'Shoes',
    share: 0.09,
    priceMedian: 85,
    priceSpread: 0.55,
    seasonPeakDay: 265,
    seasonStrength: 0.25,
    repeatRate: 0.04,
    title: PRODUCT,
    brands: words('Stride, Cobbler Row, Pacer, Terrane, Velo, Wharf, Yonder, Amble, Bexley, Corsa'),
    adjectives: words('Trail, City, Classic, Lightweight, Waterproof, Cushioned, Low-Top, High-Top, Slip-On, Winter'),
    materials: words('Leather, Suede, Canvas, Knit, Rubber, Nubuck, Felt, Mesh'),
    nouns: words(
      'Sneakers, Boots, Loafers, Sandals, Running Shoes, Hiking Boots, Derbies, Mules, Slippers, Chelsea Boots, Espadrilles, Clogs',
    ),
    variants: words('Black, Tan, White, Chestnut, Olive, Navy, Stone, Burgundy, Grey, Ochre'),
  },
  {
    name: 'Beauty',
    share: 0.1,
    priceMedian: 24,
    priceSpread: 0.6,
    seasonPeakDay: 340,
    seasonStrength: 0.2,
    repeatRate: 0.16,
    title: PRODUCT,
    brands: words(
      'Amaranth, Bare Theory, Calla, Dewfall, Elm & Iris, Fable, Glow Method, Honeywood, Iola, Jade Rain, Lune',
    ),
    adjectives: words('Gentle, Hydrating, Brightening, Overnight, Daily, Soothing, Firming, Purifying, Velvet, Fresh'),
    materials: words('Rose, Oat, Green Tea, Aloe, Charcoal, Vitamin C, Lavender, Argan'),
    nouns: words(
      'Face Serum, Cleanser, Hand Cream, Shampoo, Lip Balm, Body Oil, Face Mask, Night Cream, Conditioner, Toner, Soap Bar, Eau de Parfum',
    ),
    variants: words('30 ml, 50 ml, 75 ml, 100 ml, 200 ml, Travel Size, Refill, Gift Set'),
  },
  {
    name: 'Sports',
    share: 0.1,
    priceMedian: 52,
    priceSpread: 0.8,
    seasonPeakDay: 150,
    seasonStrength: 0.4,
    repeatRate: 0.05,
    title: PRODUCT,
    brands: words(
      'Apex Ridge, Basecamp, Cadence, Domino, Everpeak, Foxglove, Granite, Highline, Ironwood, Kinetic, Lapland',
    ),
    adjectives: words(
      'Expedition, Ultralight, Training, All-Weather, Foldable, Competition, Beginner, Alpine, Reflective, Pro',
    ),
    materials: words('Nylon, Carbon, Cork, Foam, Steel, Ripstop, Aluminium, Bamboo'),
    nouns: words(
      'Backpack, Yoga Mat, Tent, Water Bottle, Dumbbells, Bike Helmet, Sleeping Bag, Tennis Racket, Trekking Poles, Climbing Rope, Football, Rowing Gloves',
    ),
    variants: words('Black, Lime, Orange, Blue, Grey, Small, Medium, Large, Red, Teal'),
  },
  {
    name: 'Toys',
    share: 0.08,
    priceMedian: 28,
    priceSpread: 0.6,
    seasonPeakDay: 345,
    seasonStrength: 0.6,
    repeatRate: 0.04,
    title: PRODUCT,
    brands: words(
      'Bramble, Clever Fox, Dandelion, Ever After, Fidget & Co, Giraffe Lane, Hopscotch, Inkwell, Jolly, Kiki',
    ),
    adjectives: words('Musical, Magnetic, Giant, Tiny, Glow, Stacking, Wind-Up, Classic, Adventure, First'),
    materials: words('Wooden, Plush, Felt, Cardboard, Metal, Recycled, Knitted, Clay'),
    nouns: words(
      'Train Set, Puzzle, Building Blocks, Doll House, Board Game, Robot, Kite, Teddy Bear, Race Car, Dinosaur, Marble Run, Xylophone',
    ),
    variants: words('Age 1+, Age 3+, Age 5+, Age 8+, Rainbow, Forest, Ocean, Space, 50 Pieces, 200 Pieces'),
  },
  {
    name: 'Books',
    share: 0.08,
    priceMedian: 16,
    priceSpread: 0.4,
    seasonPeakDay: 335,
    seasonStrength: 0.25,
    repeatRate: 0.02,
    title: 'The {adjective} {noun}: {material} ({variant}, {brand})',
    brands: words(
      'Albatross Press, Beacon Row, Candlewick Lane, Dovetail, Elsewhere, Foxed Page, Gull & Sons, Harbour House',
    ),
    adjectives: words('Quiet, Last, Hidden, Borrowed, Burning, Glass, Distant, Forgotten, Golden, Invisible'),
    materials: words('A Novel, A Memoir, A Mystery, Essays, Poems, A History, A Field Guide, Stories'),
    nouns: words(
      'Harbour, Orchard, Cartographer, Winter, Lighthouse, Library, Garden, River, Alphabet, Observatory, Kitchen, Mountain, Archive, Stranger',
    ),
    variants: words('Paperback, Hardcover, Illustrated, Large Print, Pocket Edition, Boxed'),
  },
  {
    name: 'Grocery',
    share: 0.06,
    priceMedian: 8,
    priceSpread: 0.5,
    seasonPeakDay: 350,
    seasonStrength: 0.15,
    repeatRate: 0.22,
    title: PRODUCT,
    brands: words('Acorn Pantry, Bellwether, Costa Verde, Daily Mill, Elderhill, Fig & Fern, Good Acre, Hollow Oak'),
    adjectives: words('Organic, Smoked, Slow-Roasted, Wild, Spiced, Crunchy, Dark, Salted, Stone-Ground, Raw'),
    materials: words('Almond, Cocoa, Olive, Oat, Chilli, Honey, Lemon, Sesame'),
    nouns: words('Granola, Coffee Beans, Crackers, Jam, Pasta, Chocolate, Tea, Oil, Biscuits, Nut Butter, Sauce, Soup'),
    variants: words('100 g, 250 g, 500 g, 1 kg, Pack of 3, Pack of 6'),
  },
];
