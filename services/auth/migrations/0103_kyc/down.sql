DROP TABLE kyc_documents;
DROP TABLE documents;
DROP TABLE kyc_applications;
