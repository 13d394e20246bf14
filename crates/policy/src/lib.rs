//! Reads a policy page and decides.
