DROP TABLE nominees;
DROP TABLE profiles;
DROP TABLE users;
