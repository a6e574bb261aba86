"""`coupon-bot ...`: one file a command. Nobody but bot/__main__ imports them."""
