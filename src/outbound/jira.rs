//! How the REST API of this product is spoken to.
