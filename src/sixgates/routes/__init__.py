"""What a stack does with a model name: who answers, who stands in, what it costs at worst, as text or as a graph."""
