"""What a stay costs (design 6, 'Tariffs'): `document` is what a tariff says, `pricing` what it comes to and why."""
