ALTER TABLE tax_lines DROP COLUMN taxed_part;
ALTER TABLE tax_rules DROP COLUMN taxed_part;
