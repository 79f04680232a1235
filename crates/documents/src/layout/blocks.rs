//! The blocks of a document but tables.

use super::flow::{Edge, Flow, MARGIN, WIDTH};
use super::page::{Area, Colour, NodeId, Owner, PageSink, Role};
use crate::model::{Block, Fact};
use crate::wrapping::{Style, wrap};

const HEADING: Style = Style::bold(210);
const TEXT: Style = Style::regular(180);
const NOTE: Style = Style::regular(155);
const LABEL: Style = Style::regular(155);
const VALUE: Style = Style::regular(185);
const AMOUNT: Style = Style::bold(300);
const NOTICE: Style = Style::bold(190);
/// Space below a block.
const GAP: i32 = 180;
/// Space inside a box.
const PADDING: i32 = 140;
const COLUMN: i32 = (WIDTH - GAP) / 2;

impl<S: PageSink> Flow<'_, S> {
    /// Draws a block.
    pub(super) fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(text) => self.heading(text),
            Block::Paragraph(text) => self.paragraph(text, (TEXT, Colour::Ink)),
            Block::Note(text) => self.paragraph(text, (NOTE, Colour::Soft)),
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Amount { label, figures, words } => self.amount(label, figures, words),
            Block::Notice(text) => self.notice(text),
        }
    }

    fn heading(&mut self, text: &str) {
        // A heading stays with the first lines of what follows.
        self.reserve(HEADING.leading() * 4);
        let node = Owner::Node(self.node(None, Role::Heading(text.to_owned())));
        self.y = self.text(node, text, (MARGIN, WIDTH, Edge::Left), self.y + 40, (HEADING, Colour::Ink)) + 60;
    }

    fn paragraph(&mut self, text: &str, look: (Style, Colour)) {
        let node = Owner::Node(self.node(None, Role::Paragraph));
        for line in wrap(text, look.0, WIDTH) {
            self.reserve(look.0.leading());
            self.y = self.lines(node, vec![line], (MARGIN, WIDTH, Edge::Left), self.y, look);
        }
        self.y += GAP / 2;
    }

    fn facts(&mut self, facts: &[Fact]) {
        let section = self.node(None, Role::Section);
        for pair in facts.chunks(2) {
            let height = |fact: &Fact| fact_height(fact);
            self.reserve(pair.iter().map(height).max().unwrap_or(0));
            let top = self.y;
            for (fact, x) in pair.iter().zip([MARGIN, MARGIN + COLUMN + GAP]) {
                let below = self.fact(section, fact, (x, COLUMN, Edge::Left), top);
                self.y = self.y.max(below);
            }
            self.y += 60;
        }
        self.y += GAP / 2;
    }

    fn fact(&mut self, section: NodeId, fact: &Fact, column: (i32, i32, Edge), y: i32) -> i32 {
        let node = Owner::Node(self.node(Some(section), Role::Paragraph));
        let y = self.text(node, &fact.label, column, y, (LABEL, Colour::Soft));
        self.text(node, &fact.value, column, y, (VALUE, Colour::Ink))
    }

    fn amount(&mut self, label: &str, figures: &str, words: &str) {
        let inner = WIDTH - 2 * PADDING;
        let half = inner / 2;
        let label_lines = wrap(label, VALUE, half);
        let word_lines = wrap(words, TEXT, inner);
        let height = lines_height(&word_lines, TEXT) + AMOUNT.leading() + 2 * PADDING;
        self.reserve(height);
        let top = self.y;
        self.fill(Area { x: MARGIN, y: top, width: WIDTH, height }, Colour::Shade);
        self.fill(Area { x: MARGIN, y: top, width: 50, height }, Colour::Accent);
        let node = Owner::Node(self.node(None, Role::Paragraph));
        let x = MARGIN + PADDING;
        let label_y = top + PADDING + (AMOUNT.leading() - lines_height(&label_lines, VALUE)).max(0) / 2;
        self.lines(node, label_lines, (x, half, Edge::Left), label_y, (VALUE, Colour::Soft));
        let right = (x + half, inner - half, Edge::Right);
        let y = self.text(node, figures, right, top + PADDING, (AMOUNT, Colour::Ink));
        self.lines(node, word_lines, (x, inner, Edge::Left), y, (TEXT, Colour::Ink));
        self.y = top + height + GAP;
    }

    fn notice(&mut self, text: &str) {
        let lines = wrap(text, NOTICE, WIDTH - 2 * PADDING);
        let height = lines_height(&lines, NOTICE) + 2 * PADDING;
        self.reserve(height);
        let top = self.y;
        self.fill(Area { x: MARGIN, y: top, width: WIDTH, height }, Colour::WarningShade);
        self.fill(Area { x: MARGIN, y: top, width: 50, height }, Colour::Warning);
        let node = Owner::Node(self.node(None, Role::Paragraph));
        let column = (MARGIN + PADDING, WIDTH - 2 * PADDING, Edge::Left);
        self.lines(node, lines, column, top + PADDING, (NOTICE, Colour::Warning));
        self.y = top + height + GAP;
    }
}

fn lines_height<T>(lines: &[T], style: Style) -> i32 {
    i32::try_from(lines.len()).unwrap_or(0) * style.leading()
}

fn fact_height(fact: &Fact) -> i32 {
    lines_height(&wrap(&fact.label, LABEL, COLUMN), LABEL) + lines_height(&wrap(&fact.value, VALUE, COLUMN), VALUE)
}
