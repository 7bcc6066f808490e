"""Names to make people and teams of: invented combinations, as mixed as a shared house in a big city is."""

FIRST = (
    "Aaliyah", "Adaeze", "Ahmed", "Aiko", "Alejandra", "Amara", "Amir", "Ana", "Andrei", "Anouk", "Antoine", "Arjun",
    "Astrid", "Ayşe", "Beatriz", "Ben", "Bilal", "Bruna", "Camille", "Carlos", "Chidi", "Chloé", "Daniel", "Deepa",
    "Diego", "Dmitri", "Elena", "Eli", "Emeka", "Esther", "Fatima", "Femi", "Flora", "Gabriel", "Giulia", "Grace",
    "Hannah", "Hassan", "Haruto", "Hugo", "Imani", "Ines", "Isaac", "Ivan", "Jamal", "Jasmine", "Jin", "Joana",
    "Jonas", "Julia", "Kaito", "Karim", "Kavya", "Keisha", "Kwame", "Lars", "Layla", "Leila", "Leon", "Linh",
    "Lucía", "Magda", "Malik", "Marcus", "Mariam", "Mateo", "Maya", "Mei", "Mina", "Mohammed", "Nadia", "Naomi",
    "Nia", "Niko", "Noor", "Olga", "Omar", "Paloma", "Petra", "Priya", "Rafael", "Rania", "Ravi", "Rosa",
    "Ruth", "Samir", "Sanna", "Santiago", "Sara", "Sofia", "Soo-jin", "Stella", "Tariq", "Thandiwe", "Theo", "Thuy",
    "Tomás", "Valentina", "Vera", "Wei", "Xiomara", "Yara", "Yusuf", "Zainab", "Zofia", "Zoe",
)  # fmt: skip
LAST = (
    "Abebe", "Acosta", "Adeyemi", "Ahmadi", "Alvarez", "Andersen", "Araújo", "Baker", "Banerjee", "Barros", "Becker",
    "Bello", "Bianchi", "Bondarenko", "Boucher", "Castillo", "Chang", "Chavez", "Chen", "Cohen", "Costa", "Cruz",
    "Dang", "Delgado", "Demir", "Desai", "Diallo", "Dubois", "Eriksson", "Espinoza", "Farah", "Fischer", "Flores",
    "Fofana", "Fujimoto", "García", "Goldberg", "Gupta", "Haddad", "Hansen", "Hassan", "Herrera", "Ho", "Hoffmann",
    "Ibrahim", "Ivanova", "Iyer", "Jackson", "Jansen", "Johnson", "Kamau", "Kaplan", "Kaya", "Khan", "Kim", "Koch",
    "Kovács", "Kowalska", "Kumar", "Laurent", "Lee", "Lindgren", "Lopes", "Makoni", "Martínez", "Mbeki", "Mensah",
    "Meyer", "Moreau", "Morgan", "Müller", "Murphy", "Mwangi", "Nakamura", "Ndiaye", "Nguyen", "Nowak", "Novák",
    "O'Brien", "Okafor", "Okonkwo", "Oliveira", "Osei", "Ozturk", "Park", "Patel", "Pereira", "Petrov", "Pham",
    "Quispe", "Rahman", "Ramos", "Reyes", "Rossi", "Saito", "Salazar", "Santos", "Schneider", "Sharma", "Silva",
    "Singh", "Sokolov", "Tanaka", "Thompson", "Torres", "Tran", "Traoré", "Vargas", "Vasquez", "Virtanen", "Weber",
    "Williams", "Yamamoto", "Yılmaz", "Zhang", "Zhou",
)  # fmt: skip
TEAMS = (
    "Alder Maps", "Bright Ledger", "Cinder Studio", "Dovetail Labs", "Eastwind Robotics", "Fathom Audio",
    "Gridline Energy", "Harbor Health", "Inkwell Type", "Juniper Foods", "Kite Logistics", "Lumen Optics",
    "Marrow Games", "Northstar Legal", "Osprey Drones", "Pollen Analytics", "Quarry Stone", "Redwood Robotics",
    "Saltmarsh Films", "Tidepool Data",
)  # fmt: skip
