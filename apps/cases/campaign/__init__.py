"""A campaign as one picture: figures that are computed once after a change, and drawings of them."""
