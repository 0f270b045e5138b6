"""The pages of accounts: one's own sign-in and second factor; and everybody's, for an administrator."""
