//! The worker against fakes of the products.
