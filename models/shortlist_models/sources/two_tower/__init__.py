"""The learned retrieval source: item vectors and a user tower over recent item vectors, both of unit length."""
