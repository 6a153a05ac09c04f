"""The counter: finds the facts in the shop and answers questions from them."""
