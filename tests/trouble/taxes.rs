//! Taxes of a whole receipt, and discounts that name what they are off.
