"""The estimators: classifier and regressor, and their base classes."""
