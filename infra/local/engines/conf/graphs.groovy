// One traversal source for each graph: g of graph, g0 of graph0, ... Neptune finds an element by any
// property's value without being told to; here the two that are asked for are indexed.
def globals = [:]
def named = { name ->
    try { binding.getVariable(name) } catch (MissingPropertyException none) { null }
}
(['graph'] + (0..255).collect { 'graph' + it }).each { name ->
    def graph = named(name)
    if (graph != null) {
        graph.createIndex('tenant', Vertex.class)
        graph.createIndex('owner', Edge.class)
        globals << [(name.replace('graph', 'g')): traversal().withEmbedded(graph)]
    }
}
globals
