// One traversal source for each graph: g of graph, g0 of graph0, ... Neptune finds an element by any
// property's value without being told to; here the two that are asked for are indexed.
def globals = [:]
binding.variables.findAll { it.key ==~ /graph\d*/ }.each { name, graph ->
    graph.createIndex('tenant', Vertex.class)
    graph.createIndex('owner', Edge.class)
    globals << [(name.replace('graph', 'g')): traversal().withEmbedded(graph)]
}
globals
