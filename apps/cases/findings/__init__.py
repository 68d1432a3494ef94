"""What a finding needs, rests on and may say: rules as plain functions that pages, actions and letters share."""
