"""媒体: pictures people upload, decoded, stripped and stored."""
