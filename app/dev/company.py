"""Who is in the demo: two customers that the README names, four more, and the people who help them. The password is public."""

PASSWORD = "hive-demo"  # noqa: S105 - printed for everybody; the loader refuses to make these people in production

# name: (plan, mail domain, shares its tickets with its members)
ORGANIZATIONS = {
    "Acme Robotics": ("enterprise_priority", "acme.example", "all"),
    "Globex Energy": ("technical", "globex.example", "all"),
    "Northwind Logistics": ("enterprise_standard", "northwind.example", "all"),
    "Initech Software": ("technical", "initech.example", "own"),
    "Umbra Labs": ("enterprise_emergency", "umbra.example", "all"),
    "Tailspin Games": ("community", "tailspin.example", "all"),
}

# address: (name, role, organization, time zone)
CUSTOMERS = {
    "owner@acme.example": ("Elena Rossi", "customer_admin", "Acme Robotics", "Europe/Rome"),
    "user@acme.example": ("Marcus Webb", "customer", "Acme Robotics", "America/New_York"),
    "ines@acme.example": ("Inês Duarte", "customer", "Acme Robotics", "Europe/Lisbon"),
    "user@globex.example": ("Tomasz Lis", "customer", "Globex Energy", "Europe/Warsaw"),
    "amara@globex.example": ("Amara Okafor", "customer_admin", "Globex Energy", "Africa/Lagos"),
    "kenji@northwind.example": ("Kenji Mori", "customer_admin", "Northwind Logistics", "Asia/Tokyo"),
    "sofia@northwind.example": ("Sofía Herrera", "customer", "Northwind Logistics", "America/Mexico_City"),
    "peter@initech.example": ("Peter Gibbons", "customer", "Initech Software", "America/Chicago"),
    "samir@initech.example": ("Samir Nadkarni", "customer", "Initech Software", "America/Chicago"),
    "yara@umbra.example": ("Yara Haddad", "customer_admin", "Umbra Labs", "Asia/Dubai"),
    "lukas@umbra.example": ("Lukas Weber", "customer", "Umbra Labs", "Europe/Berlin"),
    "mei@tailspin.example": ("Mei Lin", "customer", "Tailspin Games", "Asia/Singapore"),
    "priya.nair@mail.example": ("Priya Nair", "customer", None, "Asia/Kolkata"),
}

# address: (name, role, time zone, teams)
STAFF = {
    "agent@hivetechs.example": ("Aiko Tanaka", "agent", "Asia/Tokyo", ("engineering", "support")),
    "mara@hivetechs.example": ("Mara Lindqvist", "agent", "Europe/Stockholm", ("enterprise", "engineering")),
    "samuel@hivetechs.example": ("Samuel Osei", "agent", "Africa/Accra", ("support", "docs")),
    "carla@hivetechs.example": ("Carla Jimenez", "agent", "America/Bogota", ("performance", "product")),
    "noah@hivetechs.example": ("Noah Feldman", "agent", "America/Los_Angeles", ("security", "enterprise")),
    "lead@hivetechs.example": ("Helena Brandt", "lead", "Europe/Berlin", ("engineering", "support", "enterprise", "security")),
    "admin@hivetechs.example": ("Dana Whitfield", "admin", "America/Los_Angeles", ()),
    "moderator@hivetechs.example": ("Jonas Petit", "moderator", "Europe/Paris", ()),
}
ENGINEERS = {
    "Acme Robotics": "mara@hivetechs.example",
    "Umbra Labs": "noah@hivetechs.example",
    "Northwind Logistics": "agent@hivetechs.example",
}

# address: (title, phone), the one on duty first
EXECUTIVES = {"admin@hivetechs.example": ("Head of Engineering", "+1 555 0100")}

# (days ago that it began, hours that it lasted or None, tone, title, body)
ANNOUNCEMENTS = (
    (
        20,
        6,
        "warn",
        "Model routing in Europe was slow",
        "Runs took up to twice as long from 07:50 to 11:20 UTC. It is over, and we have written up why.",
    ),
    (
        2,
        None,
        "info",
        "Hive 2.0.1 is out",
        "The first analysis of a large repository takes half the time, and every error names the next step. The release notes have the details.",
    ),
)
