-- City of the address in the profile, beside what else events say of a user.
ALTER TABLE users ADD COLUMN city VARCHAR(100) NULL;
UPDATE users SET city = (SELECT profiles.city FROM profiles WHERE profiles.user_id = users.id);
