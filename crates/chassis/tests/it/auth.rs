//! Access tokens: accepted tokens, refused tokens, outages of dependencies.

mod fixture;
mod outages;
mod tokens;
