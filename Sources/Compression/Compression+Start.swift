enum CompressionStart {}
