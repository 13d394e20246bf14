//! The life of a case.
#![no_std]
extern crate alloc;
