//! One value for each leg of a node.

use domain::Side;

/// Left and right, found by position: which leg it is depends on data, and a processor guesses such branches badly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Legs<T>([T; 2]);

const fn position(side: Side) -> usize {
    match side {
        Side::Left => 0,
        Side::Right => 1,
    }
}

impl<T: Copy> Legs<T> {
    pub const fn of(left: T, right: T) -> Self {
        Self([left, right])
    }
    pub const fn left(&self) -> T {
        self.0[0]
    }
    pub const fn right(&self) -> T {
        self.0[1]
    }
    #[expect(clippy::indexing_slicing, reason = "there are two sides and two places")]
    pub const fn get(&self, side: Side) -> T {
        self.0[position(side)]
    }
    #[expect(clippy::indexing_slicing, reason = "there are two sides and two places")]
    pub const fn get_mut(&mut self, side: Side) -> &mut T {
        &mut self.0[position(side)]
    }
    pub const fn set(&mut self, side: Side, value: T) {
        *self.get_mut(side) = value;
    }
}

impl Legs<u32> {
    /// One more on that side. Both are written, so that who reads them next need not wait for the one.
    pub fn increment(&mut self, side: Side) {
        let [left, right] = self.0;
        let is_right = u32::from(side == Side::Right);
        self.0 = [left + (1 - is_right), right + is_right];
    }
}

impl<T: Copy + Ord> Legs<T> {
    pub fn smaller(&self) -> T {
        self.left().min(self.right())
    }
}
