"""Writers of new code: an entity, a field or an endpoint in every layer, with its tests."""
