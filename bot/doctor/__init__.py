"""`coupon-bot doctor`: what is examined, part by part."""
