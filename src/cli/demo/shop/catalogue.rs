//! What the made-up shop sells: 1,600 invented products, at prices like the real ones, most sold
//! first.

use super::measured::{UNIT_PRICE, draw, popular};
use super::random::SplitMix64;

/// How a product goes over the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Piece,
    /// By weight, priced per pound.
    Weighed,
    /// One at a time, each with its serial number.
    Serial,
    /// A kit: its parts are lines of their own, which carry the money.
    Kit,
}

#[derive(Clone, Debug)]
pub(super) struct Product {
    pub sku: String,
    pub gtin: String,
    pub name: String,
    pub category: [&'static str; 2],
    pub kind: Kind,
    /// Cents, of a unit or of a pound.
    pub price: i64,
    pub final_sale: bool,
}

#[rustfmt::skip]
const LOOKS: [&str; 40] = [
    "Amber", "Ash grey", "Birch", "Blue check", "Brass", "Cherry", "Chevron", "Clover", "Copper", "Coral", "Cornflower",
    "Cream", "Daisy", "Dotted", "Elm", "Enamel", "Fern", "Folk", "Frosted", "Gingham", "Harbor", "Hazel", "Indigo",
    "Ivory", "Lilac", "Linen", "Maple", "Meadow", "Mint", "Oat", "Olive", "Paisley", "Pearl", "Poppy", "Rustic", "Sage",
    "Slate", "Striped", "Sunny", "Walnut",
];

/// Noun, category, how it is sold. Forty nouns: with forty looks, every name is there once.
const GOODS: [(&str, [&str; 2], Kind); 40] = [
    ("hanging heart", ["gifts", "decor"], Kind::Piece),
    ("tea-light holder", ["gifts", "decor"], Kind::Piece),
    ("photo frame", ["gifts", "decor"], Kind::Piece),
    ("trinket box", ["gifts", "decor"], Kind::Piece),
    ("scented candle", ["gifts", "candles"], Kind::Piece),
    ("greeting card set", ["gifts", "paper"], Kind::Piece),
    ("gift wrap roll", ["gifts", "paper"], Kind::Piece),
    ("ribbon spool", ["gifts", "paper"], Kind::Piece),
    ("gift hamper", ["gifts", "hampers"], Kind::Kit),
    ("wind chime", ["home", "garden"], Kind::Piece),
    ("plant pot", ["home", "garden"], Kind::Piece),
    ("watering can", ["home", "garden"], Kind::Piece),
    ("bird feeder", ["home", "garden"], Kind::Piece),
    ("cushion cover", ["home", "textiles"], Kind::Piece),
    ("tea towel", ["home", "textiles"], Kind::Piece),
    ("door mat", ["home", "textiles"], Kind::Piece),
    ("apron", ["home", "textiles"], Kind::Piece),
    ("mug", ["kitchen", "tableware"], Kind::Piece),
    ("cereal bowl", ["kitchen", "tableware"], Kind::Piece),
    ("cake stand", ["kitchen", "tableware"], Kind::Piece),
    ("salt shaker", ["kitchen", "tableware"], Kind::Piece),
    ("storage tin", ["kitchen", "storage"], Kind::Piece),
    ("lunch box", ["kitchen", "storage"], Kind::Piece),
    ("cookie cutter", ["kitchen", "baking"], Kind::Piece),
    ("baking cups", ["kitchen", "baking"], Kind::Piece),
    ("loose potpourri", ["home", "by weight"], Kind::Weighed),
    ("bath salts", ["home", "by weight"], Kind::Weighed),
    ("notebook", ["stationery", "paper"], Kind::Piece),
    ("pencil case", ["stationery", "desk"], Kind::Piece),
    ("sticker sheet", ["stationery", "paper"], Kind::Piece),
    ("desk calendar", ["stationery", "desk"], Kind::Piece),
    ("paper lantern", ["party", "decor"], Kind::Piece),
    ("bunting", ["party", "decor"], Kind::Piece),
    ("party napkins", ["party", "tableware"], Kind::Piece),
    ("wooden puzzle", ["toys", "games"], Kind::Piece),
    ("skipping rope", ["toys", "outdoor"], Kind::Piece),
    ("tote bag", ["accessories", "bags"], Kind::Piece),
    ("umbrella", ["accessories", "rain"], Kind::Piece),
    ("alarm clock", ["electronics", "clocks"], Kind::Serial),
    ("portable speaker", ["electronics", "audio"], Kind::Serial),
];

/// Permille of products that are sold for good.
const FINAL_SALE: u64 = 30;

/// Permille of the times that weighed or serialised goods are bought where the measured popularity
/// would have it: the measured shop has next to none, and its price quantiles are to hold.
const SPECIAL: u64 = 300;

/// All products, the most sold first.
pub(super) fn catalogue(seed: u64) -> Vec<Product> {
    let mut random = SplitMix64::of(seed, 1);
    let mut names: Vec<usize> = (0..LOOKS.len() * GOODS.len()).collect();
    random.shuffle(&mut names);
    names.into_iter().map(|name| product(name, &mut random)).collect()
}

/// A product of the catalogue, popular ones more often; one of its [`Kind::Kit`]s only where `kits`
/// may be.
pub(super) fn choose(products: &[Product], kits: bool, random: &mut SplitMix64) -> usize {
    loop {
        let product = popular(products.len(), random);
        let taken = match products[product].kind {
            Kind::Piece => true,
            Kind::Kit => kits,
            Kind::Weighed | Kind::Serial => random.permille(SPECIAL),
        };
        if taken {
            return product;
        }
    }
}

fn product(name: usize, random: &mut SplitMix64) -> Product {
    let (look, (noun, category, kind)) = (LOOKS[name / GOODS.len()], GOODS[name % GOODS.len()]);
    let price = match kind {
        Kind::Piece => draw(UNIT_PRICE, random),
        Kind::Weighed => 300 + 5 * random.between(0, 200),
        Kind::Serial => 1_995 + 500 * random.between(0, 20),
        Kind::Kit => 0,
    };
    Product {
        sku: format!("{}{}", 20_000 + name, ["", "", "A", "B"][name % 4]),
        gtin: gtin(20_000 + name),
        name: format!("{look} {noun}"),
        category,
        kind,
        price,
        final_sale: random.permille(FINAL_SALE),
    }
}

/// A GTIN-14 of the range 20–29, which GS1 leaves to a shop's own use: it is no real product's.
pub(super) fn gtin(number: usize) -> String {
    let digits = format!("02{number:011}");
    let sum: usize = digits
        .bytes()
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| usize::from(digit - b'0') * weight)
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_has_a_name_a_code_and_a_number_of_its_own() {
        let products = catalogue(1);
        let distinct = |of: fn(&Product) -> &String| {
            products.iter().map(of).collect::<std::collections::HashSet<_>>()
        };
        let counts =
            [distinct(|p| &p.sku).len(), distinct(|p| &p.name).len(), distinct(|p| &p.gtin).len()];
        assert_eq!(counts, [1600; 3]);
        assert!(products.iter().all(|p| p.gtin.len() == 14));
    }

    #[test]
    fn the_check_digit_makes_the_weighted_sum_a_multiple_of_ten() {
        for number in [1, 20_000, 21_599] {
            let weights = [3, 1].into_iter().cycle();
            let sum: u32 =
                gtin(number).bytes().zip(weights).map(|(d, w)| u32::from(d - b'0') * w).sum();
            assert_eq!(sum % 10, 0);
        }
    }
}
