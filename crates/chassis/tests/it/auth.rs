//! Access tokens: what is accepted, what is not, and what happens while something is away.

mod outages;
mod tokens;
mod world;
