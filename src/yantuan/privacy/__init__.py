"""个人信息: what is held of people, why, for how long; a copy for the person, and their leaving."""
