//! The service as others meet it: events in, events out, HTTP.

mod fences;
mod journal;
mod on_services;
mod people;
mod placements;
mod plans;
mod trees;
