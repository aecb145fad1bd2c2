//! Every limit of scimd, one `const` each. A leaf: it knows nothing of ours, and everything may use it.
