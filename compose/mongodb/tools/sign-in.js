// Signs the shell in as root from the secret file; loaded before whatever the operator asks for.
void db.getSiblingDB("admin").auth("root", require("fs").readFileSync("/run/secrets/mongo_root_password", "utf8").trim());
