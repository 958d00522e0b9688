// Makes the least-privileged users, or gives them the password of the secret file; harmless to run again.
const { readFileSync } = require("fs");
const admin = db.getSiblingDB("admin");
const wanted = {
  tradeai: ["app", [{ role: "readWrite", db: "tradeai" }, { role: "dbAdmin", db: "tradeai" }]],
  ai: ["ai", [{ role: "read", db: "tradeai" }]],
  // dbAdmin and readWrite: a restore is switched by renaming collections, and undone the same way.
  backup: ["backup", [{ role: "backup", db: "admin" }, { role: "restore", db: "admin" }, { role: "readWrite", db: "tradeai" },
    { role: "dbAdmin", db: "tradeai" }]],
};
for (const [user, [secret, roles]] of Object.entries(wanted)) {
  const pwd = readFileSync(`/run/secrets/mongo_${secret}_password`, "utf8").trim();
  if (admin.getUser(user)) admin.updateUser(user, { pwd, roles });
  else admin.createUser({ user, pwd, roles });
}
