//! What may come back, for how much, and who has to agree.
