//! One value for each leg of a node.

use domain::Side;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Legs<T> {
    pub left: T,
    pub right: T,
}

impl<T: Copy> Legs<T> {
    pub fn get(&self, side: Side) -> T {
        match side {
            Side::Left => self.left,
            Side::Right => self.right,
        }
    }
    pub fn set(&mut self, side: Side, value: T) {
        match side {
            Side::Left => self.left = value,
            Side::Right => self.right = value,
        }
    }
}

impl Legs<u32> {
    pub fn smaller(&self) -> u32 {
        self.left.min(self.right)
    }
}
