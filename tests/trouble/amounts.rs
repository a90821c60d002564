//! Sales as tills print them: extended prices, deposits, goods given back on a mixed receipt.
