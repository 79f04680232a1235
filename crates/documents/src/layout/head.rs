//! The head of the first page: the company, the title with its facts, and the member.

use super::flow::{Edge, Flow, MARGIN, WIDTH};
use super::page::{Area, Colour, Drawing, NodeId, Owner, PageSink, Role};
use crate::model::{Company, Party};
use crate::wrapping::Style;

const NAME: Style = Style::bold(250);
const TITLE: Style = Style::bold(330);
const SMALL: Style = Style::regular(160);
const SMALL_BOLD: Style = Style::bold(160);
const PARTY_NAME: Style = Style::bold(210);
const PARTY_LINE: Style = Style::regular(180);
const LOGO_HEIGHT: i32 = 760;
const MAX_LOGO_WIDTH: i32 = 2_600;
const GAP: i32 = 240;
const LEFT_WIDTH: i32 = WIDTH * 11 / 20;
const RIGHT: i32 = MARGIN + LEFT_WIDTH + GAP;
const RIGHT_WIDTH: i32 = WIDTH - LEFT_WIDTH - GAP;

impl<S: PageSink> Flow<'_, S> {
    /// Draws the head.
    pub(super) fn head(&mut self, logo_size: Option<(u32, u32)>) {
        let document = self.document;
        let top = self.y;
        let section = self.node(None, Role::Section);
        // The title is read first.
        let title = self.node(Some(section), Role::Title(document.title.clone()));
        let right = (RIGHT, RIGHT_WIDTH, Edge::Right);
        let mut right_y = self.text(Owner::Node(title), &document.title, right, top, (TITLE, Colour::Accent));
        right_y = self.facts_of_head(section, right_y + 80);
        let left_y = self.company(section, &document.company, logo_size, top);
        self.y = left_y.max(right_y) + 160;
        self.rule(self.y, Colour::Accent);
        self.y += 200;
        if let Some(party) = &document.party {
            self.party(party);
        }
    }

    fn facts_of_head(&mut self, section: NodeId, mut y: i32) -> i32 {
        for fact in &self.document.facts {
            let node = Owner::Node(self.node(Some(section), Role::Paragraph));
            let column = RIGHT_WIDTH * 2 / 5;
            let below_label = self.text(node, &fact.label, (RIGHT, column, Edge::Left), y, (SMALL, Colour::Soft));
            let value = (RIGHT + column, RIGHT_WIDTH - column, Edge::Right);
            let below_value = self.text(node, &fact.value, value, y, (SMALL_BOLD, Colour::Ink));
            y = below_label.max(below_value) + 20;
        }
        y
    }

    fn company(&mut self, section: NodeId, company: &Company, logo_size: Option<(u32, u32)>, top: i32) -> i32 {
        let mut y = top;
        if let Some(area) = logo_size.and_then(|size| logo_area(size, y)) {
            let node = self.node(Some(section), Role::Figure(company.name.clone()));
            self.draw(Owner::Node(node), Drawing::Logo(area));
            y += area.height + 60;
        }
        let column = (MARGIN, LEFT_WIDTH, Edge::Left);
        let node = Owner::Node(self.node(Some(section), Role::Paragraph));
        y = self.text(node, &company.name, column, y, (NAME, Colour::Ink));
        let soft = (SMALL, Colour::Soft);
        for line in company.address.iter().chain([&company.contact]).filter(|line| !line.is_empty()) {
            y = self.text(node, line, column, y, soft);
        }
        let numbers = [("GSTIN", &company.gstin), ("PAN", &company.pan), ("TAN", &company.tan)];
        let known: Vec<_> = numbers.iter().filter(|(_, number)| !number.is_empty()).collect();
        let known = known.iter().map(|(name, number)| format!("{name}\u{a0}{number}")).collect::<Vec<_>>().join(" · ");
        self.text(node, &known, column, y, soft)
    }

    fn party(&mut self, party: &Party) {
        let node = Owner::Node(self.node(None, Role::Paragraph));
        let column = (MARGIN, WIDTH, Edge::Left);
        let mut y = self.text(node, &party.heading, column, self.y, (SMALL, Colour::Soft));
        y = self.text(node, &party.name, column, y, (PARTY_NAME, Colour::Ink));
        for line in &party.lines {
            y = self.text(node, line, column, y, (PARTY_LINE, Colour::Ink));
        }
        self.y = y + 200;
    }
}

/// Where the logo stands: as high as fits, in its own proportions.
fn logo_area((width, height): (u32, u32), y: i32) -> Option<Area> {
    let (width, height) = (i32::try_from(width).ok()?, i32::try_from(height).ok()?);
    let scaled = LOGO_HEIGHT.checked_mul(width)?.checked_div(height)?;
    let (width, height) = match scaled {
        0 => return None,
        wide if wide > MAX_LOGO_WIDTH => (MAX_LOGO_WIDTH, MAX_LOGO_WIDTH.checked_mul(height)?.checked_div(width)?),
        fitting => (fitting, LOGO_HEIGHT),
    };
    (height > 0).then_some(Area { x: MARGIN, y, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_keeps_its_proportions_within_its_limits() {
        let size = |pixels| logo_area(pixels, 0).map(|area| (area.width, area.height));
        assert_eq!(size((100, 100)), Some((760, 760)));
        assert_eq!(size((200, 100)), Some((1_520, 760)));
        assert_eq!(size((1_000, 100)), Some((2_600, 260)));
        for odd in [(0, 10), (10, 0), (1, 2_000), (2_000_000_000, 1)] {
            assert_eq!(size(odd), None, "{odd:?}");
        }
    }
}
