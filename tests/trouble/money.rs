//! Money to the cent: cash for cards, adjustments and their voids, parts of charges, tax only.
