"""What a trained system must beat: counting, popularity, neighbours and linear models, exactly defined."""
