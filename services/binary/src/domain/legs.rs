//! Pair of values, one for each leg of a node.

use domain::Side;

/// Left and right value. Selected by array index, because a branch on the side would often be mispredicted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Legs<T>([T; 2]);

const fn position(side: Side) -> usize {
    match side {
        Side::Left => 0,
        Side::Right => 1,
    }
}

impl<T: Copy> Legs<T> {
    /// Values of the left and the right leg.
    pub const fn new(left: T, right: T) -> Self {
        Self([left, right])
    }
    /// Value of the left leg.
    pub const fn left(&self) -> T {
        self.0[0]
    }
    /// Value of the right leg.
    pub const fn right(&self) -> T {
        self.0[1]
    }
    #[expect(clippy::indexing_slicing, reason = "two sides, two array elements")]
    pub const fn get(&self, side: Side) -> T {
        self.0[position(side)]
    }
    #[expect(clippy::indexing_slicing, reason = "two sides, two array elements")]
    pub const fn get_mut(&mut self, side: Side) -> &mut T {
        &mut self.0[position(side)]
    }
    pub const fn set(&mut self, side: Side, value: T) {
        *self.get_mut(side) = value;
    }
}

impl Legs<u32> {
    /// Adds one on that side. Writes both values, so that the next read of both avoids a store-forwarding stall.
    pub fn increment(&mut self, side: Side) {
        let [left, right] = self.0;
        let is_right = u32::from(side == Side::Right);
        self.0 = [left + (1 - is_right), right + is_right];
    }
}

impl<T: Copy + Ord> Legs<T> {
    /// The smaller of the two values.
    pub fn smaller(&self) -> T {
        self.left().min(self.right())
    }
}
